/** From the first byte to the open book: configuration, log-in, organisations, page. */

import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';

import type { Configuration } from '../adapters/configuration.ts';
import { loadConfiguration } from '../adapters/configuration.ts';
import { problemOf } from '../adapters/http.ts';
import { keepLanguage, keepPerson, keepTheme, keptPerson, personOfAddress, type Theme } from '../adapters/kept.ts';
import { Login } from '../adapters/login.ts';
import { Page } from '../adapters/page.ts';
import { personHeaders, Services } from '../adapters/rest.ts';
import { nameOf, type Person, type Problem } from '../core/domain.ts';
import { LoginFailed } from '../core/oidc.ts';
import { Say, type Language } from '../words/say.ts';
import { Board } from './board.tsx';
import { GroundContext } from './context.ts';
import { Door, Notice, WhoAreYou } from './door.tsx';
import type { Settings } from './header.tsx';

type Stage =
  | { readonly is: 'opening' }
  | { readonly is: 'who'; readonly services: Services; readonly configuration: Configuration }
  | { readonly is: 'login'; readonly login: Login; readonly problem: string | null }
  | { readonly is: 'misconfigured' }
  | { readonly is: 'failed'; readonly problem: Problem }
  | { readonly is: 'open'; readonly page: Page; readonly login: Login | null };

interface Props {
  readonly language: Language;
  readonly theme: Theme;
}

const RETRY_MS = 5_000;

export function App(start: Props): JSX.Element {
  const [language, setLanguage] = useState(start.language);
  const [theme, setTheme] = useState(start.theme);
  const [stage, setStage] = useState<Stage>({ is: 'opening' });
  const say = useMemo(() => new Say(language), [language]);
  useEffect(() => void (document.documentElement.lang = language), [language]);
  useEffect(() => showTheme(theme), [theme]);
  const settings: Settings = useMemo(
    () => ({
      language,
      theme,
      onLanguage: (chosen) => {
        keepLanguage(chosen);
        setLanguage(chosen);
      },
      onTheme: (chosen) => {
        keepTheme(chosen);
        setTheme(chosen);
      },
    }),
    [language, theme],
  );

  const begin = useCallback(async (): Promise<void> => {
    setStage(await opened().catch((error: unknown): Stage => ({ is: 'failed', problem: problemOf(error) })));
  }, []);
  useEffect(() => void begin(), [begin]);
  const isFailed = stage.is === 'failed';
  useEffect(() => {
    if (!isFailed) return undefined;
    const timer = setInterval(() => void begin(), RETRY_MS);
    addEventListener('online', begin);
    return () => {
      clearInterval(timer);
      removeEventListener('online', begin);
    };
  }, [isFailed, begin]);

  const tell = stage.is === 'open' ? stage.page.tell : nobody;
  const ground = useMemo(() => ({ say, tell }), [say, tell]);
  const choose = async (configuration: Configuration, person: Person): Promise<void> => {
    keepPerson(person);
    setStage({ is: 'opening' });
    setStage(
      await asPerson(configuration, person).catch((error: unknown): Stage => ({
        is: 'failed',
        problem: problemOf(error),
      })),
    );
  };
  return (
    <GroundContext.Provider value={ground}>
      {stage.is === 'open' ? (
        <Board
          page={stage.page}
          settings={settings}
          leave={
            stage.login
              ? { words: say.words.logout, act: () => void stage.login?.end() }
              : { words: say.words.change, act: beSomeoneElse }
          }
          logIn={stage.login && (() => void stage.login?.begin(language))}
        />
      ) : (
        <Door settings={settings}>
          {stage.is === 'opening' && (
            <p class="quiet" role="status">
              {say.words.loading}
            </p>
          )}
          {stage.is === 'who' && (
            <WhoAreYou services={stage.services} onChoose={(person) => void choose(stage.configuration, person)} />
          )}
          {stage.is === 'login' && (
            <Notice
              title={say.words.title}
              text={stage.problem === null ? say.words.loginHint : say.text('loginFailed', { detail: stage.problem })}
              action={{ words: say.words.logIn, act: () => void logIn(stage.login) }}
            />
          )}
          {stage.is === 'misconfigured' && (
            <Notice title={say.words.title} text={say.words.startMisconfigured} action={null} />
          )}
          {stage.is === 'failed' && (
            <Notice
              title={say.words.startFailed}
              text={
                stage.problem.status === 0 || stage.problem.status >= 500
                  ? say.words.startFailedHint
                  : say.text('startForbidden', { detail: stage.problem.detail })
              }
              action={{ words: say.words.retry, act: () => void begin() }}
            />
          )}
        </Door>
      )}
    </GroundContext.Provider>
  );

  async function logIn(login: Login): Promise<void> {
    await login.begin(language).catch((error: unknown) => {
      setStage({ is: 'login', login, problem: problemOf(error).detail });
    });
  }
}

async function opened(): Promise<Stage> {
  const configuration = await loadConfiguration();
  if (configuration.auth === 'none') {
    const person = personOfAddress(new URLSearchParams(location.search)) ?? keptPerson();
    if (person)
      return asPerson(configuration, { ...person, name: person.name || nameOf(person.user ?? '', new Map()) });
    return { is: 'who', services: new Services(configuration.apiBase, async () => ({})), configuration };
  }
  if (configuration.oidc === null) return { is: 'misconfigured' };
  const login = new Login(configuration.oidc);
  try {
    if (!(await login.resume())) return { is: 'login', login, problem: null };
  } catch (error) {
    if (error instanceof LoginFailed) return { is: 'login', login, problem: error.message };
    throw error;
  }
  const services = new Services(configuration.apiBase, async (isRefused) => ({
    Authorization: `Bearer ${await login.token(isRefused)}`,
  }));
  return opening(configuration, login.person(), services, login).catch((error: unknown): Stage => {
    const problem = problemOf(error);
    // A token that the services do not take is of no use, however long it lasts: another log-in may mend it.
    if (problem.status === 401) return { is: 'login', login, problem: problem.detail };
    throw error;
  });
}

function asPerson(configuration: Configuration, person: Person): Promise<Stage> {
  const headers = personHeaders(person);
  return opening(configuration, person, new Services(configuration.apiBase, async () => headers), null);
}

async function opening(
  configuration: Configuration,
  person: Person,
  services: Services,
  login: Login | null,
): Promise<Stage> {
  const { webSocketUrl } = configuration;
  const organization = new URLSearchParams(location.search).get('organization');
  const page = await Page.open({ person, services, webSocketUrl, token: login && (() => login.token()), organization });
  return { is: 'open', page, login };
}

function beSomeoneElse(): void {
  keepPerson(null);
  location.assign(location.pathname);
}

function showTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme);
}

function nobody(): void {
  // nothing is open that could be told
}
