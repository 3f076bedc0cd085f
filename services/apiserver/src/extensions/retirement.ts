import type { ResourceDefinition } from "@flotilla/api";

/** Tells those who show a kind that its definition has changed or gone. */
export class Retirement {
  readonly #listeners = new Set<() => void>();

  /** The definition as one that can be retired. */
  of(definition: ResourceDefinition): ResourceDefinition {
    const onRetired = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    return { ...definition, custom: { ...definition.custom!, onRetired } };
  }

  retire(): void {
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }
}
