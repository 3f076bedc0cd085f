import { testSeeds } from "./seeds.ts";

testSeeds(121, 40);
