// SPDX-License-Identifier: Apache-2.0

const nameCharacter = /[A-Za-z0-9_.|/~-]/;

/** True where `name` stands in `text` as a word of its own. */
function namesExactly(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1];
    const after = text[at + name.length];
    // A full stop ends a sentence more often than it continues a name.
    const next = after === '.' ? text[at + name.length + 1] : after;
    const isFree = (character: string | undefined) => character === undefined || !nameCharacter.test(character);
    if (isFree(before) && isFree(next)) return true;
  }
  return false;
}

/**
 * Which of the resources of a rejected response the client's message blames. Envoy's semantic listener and cluster
 * errors read `Error adding/updating listener(s) NAME: reason`; constraint errors name nobody. Empty means: search.
 */
export function findCulprits(message: string, names: Iterable<string>): readonly string[] {
  const all = [...names];
  if (all.length === 1) return all;
  const listed = /^.*?Error adding\/updating (?:listener|cluster)\(s\) (.*)$/su.exec(message)?.[1];
  const blamed = all.filter(
    (name) => name !== '' && (listed === undefined ? namesExactly(message, name) : isListed(listed, name)),
  );
  // A message that mentions everything blames nothing.
  return blamed.length < all.length ? blamed : [];
}

/** In `NAME: reason`, joined by line breaks or commas, only the position before the colon counts. */
function isListed(list: string, name: string): boolean {
  for (let at = list.indexOf(`${name}: `); at !== -1; at = list.indexOf(`${name}: `, at + 1)) {
    const before = list[at - 1];
    if (before === undefined || before === '\n' || before === ' ' || before === ',') return true;
  }
  return false;
}
