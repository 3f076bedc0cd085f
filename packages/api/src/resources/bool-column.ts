/** Optional booleans as upstream's printers show them. */
export function formatBool(value: boolean | undefined): string {
  if (value === undefined) return "<unset>";
  return value ? "True" : "False";
}
