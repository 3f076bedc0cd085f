import { testSeeds } from "./seeds.ts";

testSeeds(91, 30);
