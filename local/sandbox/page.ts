import type { Message } from './store.ts';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  article { border: 1px solid #ccc; border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0 }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0 }
  small { color: #666 } iframe { width: 100%; height: 20rem; border: 1px solid #eee }`;

/** An HTML page of the messages that arrived, newest first. */
export function page(messages: Message[]): Response {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Provider sandbox</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>Provider sandbox</h1>
<p>Messages that arrived: ${messages.length}, newest first. None has left this machine. <a href="">Reload</a></p>
${messages.map(article).join('\n')}
</body></html>`;
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'`,
    },
  });
}

function article({ provider, to, from, subject, body, html, at, sid, status, errorCode }: Message): string {
  const kind = subject === undefined ? 'SMS' : 'E-mail';
  const error = errorCode ? ` (error ${errorCode})` : '';
  return `<article><strong>${kind} to ${escape(to)}</strong> <small>from ${escape(from)}</small>
${subject === undefined ? '' : `<div><strong>${escape(subject)}</strong></div>`}<pre>${escape(body)}</pre>
${html ? `<details><summary>As HTML</summary><iframe sandbox srcdoc="${escape(html)}"></iframe></details>` : ''}
<small>${escape(provider)}, ${escape(status)}${error}, ${escape(at)}, ${escape(sid)}</small></article>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
