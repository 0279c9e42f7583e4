import { hears } from "./patient.js";

// The shared state of a page's views, which take it from here.
export default {
  initialize({ model }) {
    hears(model);
    return { model };
  },
};
