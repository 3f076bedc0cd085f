import { testSeeds } from "./seeds.ts";

testSeeds(31, 30);
