// Every module of a widget begins with this. anywidget counts on quick machines; on a busy one it gives up too soon.
export const WAITS = 12; // of ten seconds each, after which anywidget gives up a widget whose module still loads

/** A host that waits for a widget as long as a busy machine takes to load its module. */
export function patient(host) {
  const getWidget = async (reference) => {
    for (let waited = 1; ; waited += 1) {
      try {
        return await host.getWidget(reference);
      } catch (error) {
        if (waited === WAITS || !/timed out/i.test(error?.message)) throw error;
      }
    }
  };
  return { getModel: (reference) => host.getModel(reference), getWidget };
}

/**
 * Lets a widget hear Python whose module took more than two seconds to load: anywidget lets no message through to it
 * from then on. What it missed is asked for. In a host that is not Jupyter there is nothing to do.
 */
export async function hears(model) {
  const raw = model.set({}); // Backbone's gives the model itself
  const nothing = { content: { data: { method: "" } }, buffers: [] };
  try {
    await raw?._handle_comm_msg?.(nothing);
  } catch {
    const deaf = raw._handle_comm_msg;
    let kind = raw;
    while (kind._handle_comm_msg === deaf) kind = Object.getPrototypeOf(kind);
    raw.comm?.on_msg(kind._handle_comm_msg.bind(raw));
    raw.comm?.send({ method: "request_state" }, raw.callbacks());
  }
}
