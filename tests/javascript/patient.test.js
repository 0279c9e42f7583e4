import assert from "node:assert/strict";
import { test } from "node:test";

import { hears, patient, WAITS } from "../../kdviz/widgets/patient.js";

/** A host whose widget is there after so many tries, or fails in another way. */
const hostOf = (late, message = "[anywidget] Timed out waiting for widget x to initialize") => {
  const host = { tries: 0, getModel: async (reference) => reference };
  host.getWidget = async (reference) => {
    host.tries += 1;
    if (host.tries <= late) throw new Error(message);
    return reference;
  };
  return host;
};

test("a widget whose module takes long is waited for", async () => {
  const host = hostOf(3);
  assert.equal(await patient(host).getWidget("anywidget:x"), "anywidget:x");
  assert.equal(host.tries, 4);
  assert.equal(await patient(host).getModel("anywidget:y"), "anywidget:y");
});

test("but not for ever, and not where it failed otherwise", async () => {
  const [never, broken] = [hostOf(Infinity), hostOf(Infinity, "no such widget")];
  await assert.rejects(patient(never).getWidget("x"), /Timed out/);
  assert.equal(never.tries, WAITS);
  await assert.rejects(patient(broken).getWidget("x"), /no such widget/);
  assert.equal(broken.tries, 1);
});

/** A model as Jupyter has it, below one of anywidget's that lets messages through once it is ready. */
function modelOf(ready) {
  const heard = [];
  class Jupyters {
    constructor() {
      const comm = { hear: this._handle_comm_msg.bind(this), send: ({ method }) => heard.push(method) };
      this.comm = Object.assign(comm, { on_msg: (hear) => void (comm.hear = hear) });
    }
    async _handle_comm_msg(message) {
      heard.push(message.content.data.method);
    }
    set() {
      return this;
    }
    callbacks() {
      return {};
    }
  }
  class Anys extends Jupyters {
    async _handle_comm_msg(message) {
      await ready;
      return super._handle_comm_msg(message);
    }
  }
  return { model: new Anys(), heard };
}

const update = { content: { data: { method: "update" } } };

test("a widget that was given up hears again, and asks for what it missed", async () => {
  const { model, heard } = modelOf(Promise.reject(new Error("Failed to initialize model.")));
  await hears(model);
  await model.comm.hear(update);
  assert.deepEqual(heard, ["request_state", "update"]);
});

test("one that was not hears as before, and a host without Jupyter's models is left alone", async () => {
  const { model, heard } = modelOf(Promise.resolve());
  await hears(model);
  await model.comm.hear(update);
  assert.deepEqual(heard, ["", "update"]);
  await hears({ set() {} });
});
