const WORDS = (
  "the ferry leaves at six and nobody knows whether there is room for the crates so bring a rope in case it rains again " +
  "tomorrow morning we could ask at the pier who has seen them last and what they wanted with a second lamp perhaps"
).split(" ");
const COUNT = 5_000;

/** Texts as people write them: mostly short, some long, with code, links, lists and other scripts among them. */
export function texts(): string[] {
  let state = 7;
  // The same in each run.
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  const words = (count: number) => Array.from({ length: count }, () => WORDS[below(WORDS.length)]).join(" ");
  return Array.from({ length: COUNT }, () => {
    const kind = below(100);
    if (kind < 4) return `${words(6)}:\n\`\`\`ts\n${Array.from({ length: 3 + below(12) }, () => `const ${words(1)} = ${below(1_000)};`).join("\n")}\n\`\`\``;
    if (kind < 8) return `Look at https://example.com/${below(10_000)} – **${words(3)}** and \`${words(2)}\``;
    if (kind < 11) return `> ${words(10)}\n\n${words(8)}`;
    if (kind < 14) return Array.from({ length: 2 + below(5) }, () => `- ${words(4)}`).join("\n");
    if (kind < 17) return `مرحبا، ${words(3)} غدا صباحا`;
    if (kind < 20) return "👍🏽".repeat(1 + below(3));
    if (kind < 28) return words(60 + below(80));
    return words(2 + below(24));
  });
}
