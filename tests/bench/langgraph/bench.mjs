// SPDX-License-Identifier: MIT
//
// A peer of `apxm bench http`: N asks that do not read each other and one node
// that joins their replies, as a LangGraph.js graph whose nodes call fetch.
//
//     node bench.mjs --url URL --asks N --warm N
//
// Invokes the graph once and `warm` times more and prints figure lines
// (cli/bench_sheet.h). What a whole process takes is measured from outside.

import {readFileSync} from 'node:fs';
import {Annotation, END, START, StateGraph} from '@langchain/langgraph';

const options = {url: '', asks: 8, warm: 0};
for (let i = 2; i + 1 < process.argv.length; i += 2) {
  const name = process.argv[i].slice(2).replace('in-flight', 'inFlight');
  options[name] = name === 'url' ? process.argv[i + 1]
                                 : Number(process.argv[i + 1]);
}

async function ask(number) {
  const response = await fetch(options.url, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({
      model: 'bench',
      messages: [{
        role: 'user',
        content:
            `Section ${number} of the report: what does it say, in one line?`,
      }],
    }),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const reply = await response.json();
  return reply.choices[0].message.content;
}

function build() {
  const State = Annotation.Root({
    replies: Annotation({
      reducer: (all, more) => all.concat(more),
      default: () => [],
    }),
    joined: Annotation(),
  });
  const graph = new StateGraph(State);
  const names = [];
  for (let i = 0; i < options.asks; i++) {
    names.push(`ask${i}`);
    graph.addNode(`ask${i}`, async () => ({replies: [await ask(i)]}));
    graph.addEdge(START, `ask${i}`);
  }
  graph.addNode('join', (state) => ({joined: state.replies.join('\n')}));
  graph.addEdge(names, 'join');
  graph.addEdge('join', END);
  return graph.compile();
}

function line(figure, value) {
  process.stdout.write(`${JSON.stringify({figure, value})}\n`);
}

async function run(graph) {
  const start = process.hrtime.bigint();
  const state = await graph.invoke({}, {recursionLimit: 100});
  if (state.replies.length !== options.asks) throw new Error('replies missing');
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function peakBytes() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s*(\d+)/.exec(status)[1]) * 1024;
}

const graph = build();
line('first_ms', await run(graph));
const before = process.cpuUsage();
for (let i = 0; i < options.warm; i++) line('warm_ms', await run(graph));
const used = process.cpuUsage(before);
if (options.warm > 0) {
  line('cpu_us_per_ask',
       (used.user + used.system) / options.warm / options.asks);
}
line('peak_bytes', peakBytes());
