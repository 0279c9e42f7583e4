// What the address of the Methods page says; epochs, seed and what is hidden stay as the link had them.

export const LINK = ["method", "pair", "T", "weight", "second", "second_weight", "second_T", "layers"];
