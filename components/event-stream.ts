/**
 * Reads server-sent events piece by piece: each call takes decoded text as it came and gives the `data` of the events
 * that it completed. Source: HTML Standard, "Parsing an event stream".
 */
export function eventReader(): (text: string) => string[] {
  let rest = "";
  let data: string[] = [];
  return (text) => {
    // A line that ends in a carriage return may go on with its line feed in the next piece.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    const done: string[] = [];
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      if (line !== "" || data.length === 0) continue;
      done.push(data.join("\n"));
      data = [];
    }
    return done;
  };
}
