import type { GraphiQLPlugin } from '@graphiql/react';
import type { SVGProps } from 'react';
import { Panel } from './Panel.js';

export const upstreamCallsPlugin: GraphiQLPlugin = { title: 'Upstream calls', icon: Waterfall, content: Panel };

function Waterfall(props: SVGProps<SVGSVGElement>) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" {...props}>
      <path d="M3 5h8M7 12h9M14 19h7" />
    </svg>
  );
}
