/** $(NAME) replaced by its value, unknown names left as they stand, $$ an escaped $ (Kubernetes' own syntax, not the shell's). */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (match === "$$") return "$";
    return values.get(name!) ?? match;
  });
}
