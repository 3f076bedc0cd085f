export { type FakeAction, FakeApiClient, type Reactor } from "./fake-client.ts";
