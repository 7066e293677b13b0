// Starts a worker. Its first message names its glue and holds its code, or the address of the code: a
// file of its own works where the server's security policy forbids scripts made by the page. It is kept for the workers that this
// one starts.
addEventListener('unhandledrejection', (event) => postMessage(String(event.reason)));
addEventListener('message', ({ data: [glue, code] }) => {
  globalThis.program = [glue, code];
  const module_or_path = code instanceof Blob ? new Response(code) : code;
  import(glue).then((glue) => glue.default({ module_or_path })).catch((error) => postMessage(String(error)));
}, { once: true });
