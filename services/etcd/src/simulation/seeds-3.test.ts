import { testSeeds } from "./seeds.ts";

testSeeds(81, 40);
