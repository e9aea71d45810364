import { CodeBlock } from "./code-block";
import { partsOf } from "./text-parts";

/** A model's answer: its words as they are, and fenced code in boxes that can be copied. */
export function RichText({ text }: { text: string }) {
  return (
    <div className="space-y-3 break-words text-sm leading-relaxed empty:hidden">
      {partsOf(text).map((part) =>
        part.kind === "code" ? (
          <CodeBlock
            key={part.at}
            code={part.text}
            label={part.language ? `Copy the ${part.language} code` : "Copy the code"}
          />
        ) : (
          <p key={part.at} className="whitespace-pre-wrap">
            {part.text}
          </p>
        ),
      )}
    </div>
  );
}
