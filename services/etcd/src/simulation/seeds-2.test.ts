import { testSeeds } from "./seeds.ts";

testSeeds(41, 40);
