// The prompts of the local bench: story, chat and quoting, ten of each to decide and two to sweep with.

const openings = [
    "Once upon a time, there was a little girl named Lily. She loved to",
    "One day, a boy found a red ball in the park. He",
    "The old dog slept by the fire while the rain fell. Then",
    "Tom and his mom went to the big store to buy",
    "There was a tiny bird who could not sing. Every day, she",
    "In the forest lived a bear who loved honey. One morning,",
    "Sara wanted to make a cake for her friend. She took",
    "The sun was hot and the sand was warm. Max and Anna",
    "A little frog jumped into the pond and saw a",
    "Ben had a new toy car. It was blue and very fast. He",
    "Once there was a king who had three cats. The cats",
    "Mia looked out of the window and saw snow. She ran",
];

const moreOpenings = [
    "Lucy had a blue kite. One windy morning she took it to the",
    "There was a small boat on the lake. Nobody knew whose it was, so",
    "Grandma baked bread every Sunday. When Sam came in, he smelled",
    "The mouse wanted to see the moon. It climbed up the",
    "A farmer had a lazy donkey. Each day the donkey",
    "Zoe lost her favourite doll in the garden. She looked under the",
    "Two brothers built a tower of blocks. The big brother said,",
    "It was Emma's first day at school. She was a little afraid, but",
    "Deep in the sea lived a fish with golden fins. The other fish",
    "The clock in the kitchen stopped. Dad opened it and found a",
    "A girl named Nina had a magic pencil. Whatever she drew",
    "Leo heard a strange noise in the night. He got out of bed and",
    "The snowman stood in the yard and wished for a friend. Then a",
    "Once a little train could not climb the hill. It tried",
    "Jack gave his sandwich to a hungry bird. The next day",
    "There were three ducks in the park. The smallest duck always",
    "Molly wanted to play the drum, but it was too loud. Her mom",
    "An old wizard lived in a tower by the river. One evening he",
    "The cat saw a butterfly and ran after it. They came to a",
    "Billy found a key in his pocket. He did not know which door",
    "On her birthday, Rosa got a box with holes in it. Inside",
    "The rain did not stop for a week. The children were bored, so",
    "A lion had a thorn in his paw. A rabbit came by and",
    "Daniel did not want to share his toys. His friend Kim felt",
];

const questions = [
    "What is the capital of France, and what is it known for?",
    "Explain in a few sentences why the sky is blue.",
    "Write a short poem about a lighthouse.",
    "List five uses of a screwdriver.",
    "How does a refrigerator keep food cold?",
    "Give me a recipe for pancakes.",
    "What is a hash table, and when is it useful?",
    "Write a Python function that reverses a string.",
    "Why do leaves change colour in autumn?",
    "What is the difference between RAM and a disk?",
    "Write a polite e-mail asking for a day off.",
    "How do I boil an egg?",
];

const passages = [
    "The committee met on Monday in the old town hall. It spoke about the bridge, about the road to the bridge, and " +
        "about the price of the bridge. Nobody agreed on the price, so the committee will meet again on Friday.",
    "def area(width, height):\n    if width < 0 or height < 0:\n        raise ValueError('sides must not be negative')\n" +
        "    return width * height\n\ndef perimeter(width, height):\n    return 2 * (width + height)",
    "Take two eggs, one cup of flour, one cup of milk and a pinch of salt. Mix the flour with the salt, add the eggs, " +
        "then add the milk slowly. Let the dough rest for ten minutes and bake it in a hot pan.",
    "The quick brown fox jumps over the lazy dog. The lazy dog looks at the quick brown fox and sleeps again. Later the " +
        "quick brown fox jumps over the lazy dog once more, and the lazy dog barks.",
    "{\"name\": \"north\", \"height\": 120, \"open\": true}, {\"name\": \"south\", \"height\": 95, \"open\": false}, " +
        "{\"name\": \"east\", \"height\": 101, \"open\": true}, {\"name\": \"west\", \"height\": 88, \"open\": true}",
    "Dear Mr. Miller, thank you for your letter of the third of March. We have checked the invoice and found that the " +
        "amount is correct. Please send the payment before the end of the month. Kind regards, Jane Brown.",
    "The river begins in the mountains, runs through three valleys and ends in the sea. In spring it carries snow water, " +
        "in summer it is shallow, and in autumn it carries the leaves of the forests along its banks.",
    "SELECT name, price FROM products WHERE price > 100 ORDER BY price; SELECT name, stock FROM products WHERE stock < 5 " +
        "ORDER BY stock; UPDATE products SET stock = stock + 10 WHERE stock < 5;",
    "On the first day they walked to the lake. On the second day they walked around the lake. On the third day they walked " +
        "to the hill behind the lake, and from the hill they saw the whole country.",
    "A server receives a request, checks who sent it, reads the data, writes the answer and closes the connection. If the " +
        "data cannot be read, the server writes an error and closes the connection at once.",
    "The library opens at nine and closes at six. On Saturday it opens at ten and closes at two. On Sunday it is closed. " +
        "Books may be kept for four weeks, films for one week.",
    "for (int i = 0; i < rows; ++i) {\n    for (int j = 0; j < columns; ++j) {\n        sum += table[i][j];\n" +
        "        if (table[i][j] > most) most = table[i][j];\n    }\n}",
];

// TinyLlama's own chat format, written out, so that both servers get the same text.
const chatText = (question) => `<|user|>\n${question}</s>\n<|assistant|>\n`;
const quote = (passage, i) =>
    chatText(`${i % 2 ? "Correct mistakes if there are any and write the whole text again" :
        "Repeat the following text word by word"}:\n\n${passage}`) + (i % 3 === 0 ? "Here is the text:\n\n" : "");

export const story = openings;
export const stories = [...openings, ...moreOpenings];
export const chat = questions.map(chatText);
export const quoting = passages.map(quote);
export const questionsAsked = questions;

const mixed = (from, to) => {
    const out = [];
    for (let i = from; i < to; i++) out.push(story[i], chat[i], quoting[i]);
    return out;
};
export const deciding = mixed(0, 10);
export const sweeping = mixed(10, 12);

// What a prompt is called in the table.
export const kindOf = (prompt) =>
    story.includes(prompt) ? "story" : chat.includes(prompt) ? "chat" : quoting.includes(prompt) ? "quoting" : "long";

// More than 512 tokens of passages, another one each time, with a question at the end.
export const long = openings.slice(0, 6).map((opening, i) => {
    const order = passages.map((_, j) => passages[(j * 5 + i * 7) % passages.length]);
    return `${order.join("\n\n")}\n\n${opening}`;
});

// Five turns of about 1,000 tokens: the first messages carry text, the last one has several wordings.
export const conversation = (index) => ({
    turns: [0, 1, 2, 3].map((turn) => {
        const texts = [0, 1].map((i) => passages[(index * 3 + turn * 2 + i) % passages.length]);
        return `Keep this in mind:\n${texts.join("\n\n")}\n\nWhat is the first sentence about?`;
    }),
    last: questions.slice(0, 6),
});
