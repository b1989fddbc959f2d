import { AIMessage } from '@langchain/core/messages';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';

/** Answers the last message; the server keeps the thread. */
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', ({ messages }) => ({ messages: [new AIMessage(`You said: ${messages.at(-1).content}`)] }))
  .addEdge(START, 'model')
  .addEdge('model', END)
  .compile();
