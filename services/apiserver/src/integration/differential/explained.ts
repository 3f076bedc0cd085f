/** Differences that are meant to be: upstream's server is an older one (1.20), or ours says the same in its own way. */
export const EXPLAINED: readonly { difference: RegExp; why: string }[] = [
  { difference: /kubernetes\.io\/metadata\.name/, why: "namespaces carry their name as a label since 1.21" },
  { difference: /\.f:status/, why: "a status has its own managers since 1.22" },
  { difference: /: theirs=null ours=undefined$/, why: "nulls are left out, as since 1.34" },
  { difference: /\.items\[\d+\]\.(kind|apiVersion): theirs=undefined/, why: "items of lists name their kind" },
  { difference: /columnDefinitions\[\d+\]\.description/, why: "descriptions are our own" },
  { difference: /^\.body\.details\.causes/, why: "upstream names a cause as often as it looks" },
  {
    difference: /^\.(status|body\.code|body\.reason): theirs=(500|undefined) ours=(400|"BadRequest")$/,
    why: "a merge without its key is the client's fault",
  },
  { difference: /Too long: (must have at most|may not be more than) \d+ bytes/, why: "newer words" },
  {
    difference: /theirs="application\/json" ours="text\/plain|^\.body: theirs=\{"kind":"Status".*ours="404 page not found/,
    why: "a path that leads nowhere has a page",
  },
];
