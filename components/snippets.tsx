import { CodeBlock } from "./code-block";
import { type ChatExample, languages, snippet } from "./snippet";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "./ui/tabs";

/** One call in curl, Python and Node, ready to copy. */
export function Snippets({ example }: { example: ChatExample }) {
  return (
    <Tabs defaultValue="curl">
      <TabsList aria-label="Language">
        {languages.map(({ id, label }) => (
          <TabsTrigger key={id} value={id}>
            {label}
          </TabsTrigger>
        ))}
      </TabsList>
      {languages.map(({ id, label }) => (
        <TabsContent key={id} value={id} className="mt-2">
          <CodeBlock code={snippet(id, example)} label={`Copy the ${label} example`} className="[&_pre]:max-h-80" />
        </TabsContent>
      ))}
    </Tabs>
  );
}
