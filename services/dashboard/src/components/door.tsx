/** Before the book is open: choosing a person, logging in, or hearing that nobody answers. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { problemOf } from '../adapters/http.ts';
import type { Member, Services } from '../adapters/rest.ts';
import type { Organization, Person, Problem, Role } from '../core/domain.ts';
import { ROLES } from '../core/domain.ts';
import { useSay } from './context.ts';
import { Mark, SettingChoices, type Settings } from './header.tsx';

interface DoorProps {
  readonly settings: Settings;
  readonly children: ComponentChildren;
}

export function Door({ settings, children }: DoorProps): JSX.Element {
  const say = useSay();
  return (
    <main class="door">
      <p class="brand">
        <Mark />
        {say.words.product}
      </p>
      {children}
      <div class="door-settings">
        <SettingChoices settings={settings} />
      </div>
    </main>
  );
}

interface Society {
  readonly organization: Organization;
  readonly members: readonly Member[];
}

/** Development alone: whoever comes says who they are. */
export function WhoAreYou({
  services,
  onChoose,
}: {
  readonly services: Services;
  readonly onChoose: (person: Person) => void;
}): JSX.Element {
  const say = useSay();
  const [societies, setSocieties] = useState<readonly Society[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let isHere = true;
    load(services).then(
      (found) => isHere && setSocieties(found),
      (error: unknown) => isHere && setProblem(problemOf(error)),
    );
    return () => void (isHere = false);
  }, [services]);
  const everything: Person = { user: null, name: say.words.roleAdministrator, organizations: null, roles: null };
  return (
    <>
      <h1>{say.words.doorWho}</h1>
      <p class="quiet">{say.words.doorHint}</p>
      {problem && (
        <p class="failed" role="alert">
          {problem.detail}
        </p>
      )}
      {societies === null && !problem && <p class="quiet">{say.words.loading}</p>}
      {societies?.map(({ organization, members }) => (
        <section key={organization.id} class="society" aria-label={organization.name}>
          <h2>{organization.name}</h2>
          <ul>
            {few(members).map((one) => (
              <li key={one.user}>
                <button type="button" class="person" onClick={() => onChoose(personOf(one, organization))}>
                  <span>{one.name}</span> <small>{roleWords(say.words, one.roles)}</small>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {societies && (
        <button type="button" class="person everything" onClick={() => onChoose(everything)}>
          {say.words.doorEverything}
        </button>
      )}
    </>
  );
}

async function load(services: Services): Promise<readonly Society[]> {
  const organizations = await services.organizations();
  return Promise.all(
    organizations.map(async (organization) => ({ organization, members: await services.members(organization.id) })),
  );
}

const MEMBERS_SHOWN = 2;

/** The officers, and one or two members to see what those see. */
function few(members: readonly Member[]): readonly Member[] {
  const officers = members.filter((one) => rank(one) > 0).sort((a, b) => rankOrder(a) - rankOrder(b));
  return [...officers, ...members.filter((one) => rank(one) === 0).slice(0, MEMBERS_SHOWN)];
}

function rank(one: Member): number {
  return Math.max(0, ...one.roles.map((role) => ROLES.indexOf(role)));
}

/** The treasurer first. */
function rankOrder(one: Member): number {
  return one.roles.includes('treasurer') ? 0 : rank(one);
}

function personOf(one: Member, organization: Organization): Person {
  return { user: one.user, name: one.name, organizations: [organization.id], roles: one.roles };
}

function roleWords(words: ReturnType<typeof useSay>['words'], roles: readonly Role[]): string {
  if (roles.includes('treasurer')) return words.roleTreasurer;
  if (roles.includes('president')) return words.rolePresident;
  return roles.includes('administrator') ? words.roleAdministrator : words.roleMember;
}

interface NoticeProps {
  readonly title: string;
  readonly text: string;
  readonly action: { readonly words: string; readonly act: () => void } | null;
}

/** One thing to know and one thing to do. */
export function Notice({ title, text, action }: NoticeProps): JSX.Element {
  return (
    <>
      <h1>{title}</h1>
      <p class="quiet" role="status">
        {text}
      </p>
      {action && (
        <button type="button" class="button strong" onClick={action.act}>
          {action.words}
        </button>
      )}
    </>
  );
}
