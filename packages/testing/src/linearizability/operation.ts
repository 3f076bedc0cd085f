/**
 * A history is what clients saw: when each called, when each was answered, and
 * with what. Times come from one clock (any unit); only their order counts.
 */
export interface Operation<I, O> {
  /** Who called; for messages only. */
  readonly client: number | string;
  readonly call: number;
  /** When the answer came; Infinity when none came (a time-out, a broken connection). */
  readonly return: number;
  readonly input: I;
  /**
   * What was answered; undefined when the outcome is unknown: such an operation
   * may take effect at any time after its call, or never.
   */
  readonly output: O | undefined;
}

/**
 * What a history is judged by: a sequential object. States are values: `step`
 * returns new ones and changes none.
 */
export interface Model<S, I, O> {
  /** The state before the first operation. */
  init(): S;
  /**
   * All states that `input`, answered with `output`, may leave behind; none when
   * it cannot be answered so in `state`. With an unknown output: every possible one.
   */
  step(state: S, input: I, output: O | undefined): readonly S[];
  /** Equal for equal states, and only for those. */
  key(state: S): string;
  /** What of the whole an operation touches: operations without a common part are judged apart (P-compositionality). */
  parts(input: I): readonly string[];
  /** One line for messages. */
  describe(input: I, output: O | undefined): string;
}
