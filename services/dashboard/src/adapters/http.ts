/** One request, with a deadline, whose every end is either JSON or a problem. */

import type { Problem } from '../core/domain.ts';

const DEADLINE_MS = 15_000;

/** The services did not do what was asked. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The problem of anything that went wrong on the way. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Failed) return error.problem;
  return { status: 0, detail: error instanceof Error ? error.message : String(error) };
}

/** @throws Failed */
export async function getJson(url: string, options: RequestInit = {}): Promise<unknown> {
  let answer: Response;
  let body: unknown;
  try {
    answer = await fetch(url, { ...options, cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) });
    const text = await answer.text();
    body = text === '' ? null : parsed(text);
  } catch (error) {
    throw new Failed({ status: 0, detail: error instanceof Error ? error.message : String(error) });
  }
  if (!answer.ok) throw new Failed({ status: answer.status, detail: detailOf(body) ?? answer.statusText });
  if (body === undefined) throw new Failed({ status: 0, detail: `${url} gave no JSON` });
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page
  }
}

function detailOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const { detail, error_description: described } = body as Record<string, unknown>;
  return typeof detail === 'string' ? detail : typeof described === 'string' ? described : null;
}
