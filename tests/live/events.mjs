// The data of server-sent events, one after the other, of a response's body.
export async function* events(body) {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let held = '';
  for await (const bytes of body) {
    held += decoder.decode(bytes, { stream: true });
    for (let end; (end = held.indexOf('\n\n')) >= 0; held = held.slice(end + 2))
      if (held.startsWith('data: ')) yield held.slice(6, end);
  }
}
