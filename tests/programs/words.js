// The same in JavaScript: most of it is V8's own heap, its compiler's is malloc's.
const positions = new Map();
for (let number = 1; number <= 1_000_000; number++) {
  const word = "word" + ((number * 7919) % 50021);
  if (!positions.has(word)) positions.set(word, []);
  positions.get(word).push(number);
}
let sum = 0;
for (const word of [...positions.keys()].sort()) {
  const text = Buffer.from(positions.get(word).join(","));
  sum = (sum * 31 + text.length + positions.get(word)[0]) % 1000000007;
}
console.log(positions.size, sum, JSON.stringify([...positions]).length);
