/**
 * A reader of server-sent events, whose text may be cut anywhere.
 *
 * @param on takes each event: its data, and its own `id:` where it has one
 * @returns takes the next piece of the stream
 */
export function eventStream(on: (data: string, id: string | undefined) => void): (text: string) => void {
  let rest = '';
  let data: string[] = [];
  let id: string | undefined;
  return (text) => {
    // A CR at the very end may be half of a CR LF.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() as string;
    for (const line of lines) {
      const [, name, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) as RegExpExecArray;
      if (name === 'data') data.push(value);
      if (name === 'id') id = value;
      if (line) continue;
      if (data.length) on(data.join('\n'), id);
      data = [];
      id = undefined;
    }
  };
}
