/** The book's cover: whose it is, whether it is current, and the few settings. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { THEMES, type Theme } from '../adapters/kept.ts';
import type { State } from '../core/state.ts';
import { LANGUAGES, type Language } from '../words/say.ts';
import { Connection } from './connection.tsx';
import { useGround, useSay } from './context.ts';

export interface Settings {
  readonly language: Language;
  readonly theme: Theme;
  readonly onLanguage: (language: Language) => void;
  readonly onTheme: (theme: Theme) => void;
}

interface Props extends Pick<State, 'organization' | 'organizations' | 'link' | 'heardAt' | 'person'> {
  readonly settings: Settings;
  readonly leave: { readonly words: string; readonly act: () => void };
  readonly banner: ComponentChildren;
}

export function Header(props: Props): JSX.Element {
  const { say, tell } = useGround();
  const { organization, organizations, link, heardAt } = props;
  return (
    <header class="top">
      <div class="cover">
        <div class="cover-name">
          <p class="brand">
            <Mark />
            {say.words.product}
          </p>
          {organizations.length > 1 ? (
            <h1>
              <select
                aria-label={say.words.organization}
                value={organization?.id ?? ''}
                onChange={(event) => tell({ is: 'choose', id: event.currentTarget.value, now: Date.now() })}
              >
                {organizations.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
              </select>
            </h1>
          ) : (
            <h1>{organization?.name ?? say.words.title}</h1>
          )}
        </div>
        <Connection link={link} heardAt={heardAt} />
        <Menu {...props} />
      </div>
      {props.banner}
    </header>
  );
}

function Menu({ settings, leave, person }: Props): JSX.Element {
  const say = useSay();
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      const isOutside =
        event instanceof KeyboardEvent ? event.key === 'Escape' : !menu.current?.contains(event.target as Node);
      if (!isOutside || !menu.current?.open) return;
      menu.current.open = false;
      if (event instanceof KeyboardEvent) menu.current.querySelector('summary')?.focus();
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details class="menu" ref={menu}>
      <summary aria-label={say.words.settings} title={say.words.settings}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 7h9m5 0h2M4 17h2m5 0h9" />
          <circle cx="15.5" cy="7" r="2.5" />
          <circle cx="8.5" cy="17" r="2.5" />
        </svg>
      </summary>
      <div class="menu-sheet">
        {person.name && <p class="quiet">{say.text('signedInAs', { name: person.name })}</p>}
        <SettingChoices settings={settings} />
        <button type="button" class="link" onClick={leave.act}>
          {leave.words}
        </button>
      </div>
    </details>
  );
}

export function SettingChoices({ settings }: { readonly settings: Settings }): JSX.Element {
  const say = useSay();
  const themes = { auto: say.words.themeAuto, light: say.words.themeLight, dark: say.words.themeDark };
  const languages = { fr: 'Français', en: 'English' };
  return (
    <>
      <fieldset class="choices">
        <legend>{say.words.language}</legend>
        {LANGUAGES.map((one) => (
          <label key={one} lang={one}>
            <input
              type="radio"
              name="language"
              checked={settings.language === one}
              onChange={() => settings.onLanguage(one)}
            />
            <span>{languages[one]}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{say.words.theme}</legend>
        {THEMES.map((one) => (
          <label key={one}>
            <input type="radio" name="theme" checked={settings.theme === one} onChange={() => settings.onTheme(one)} />
            <span>{themes[one]}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** Two streams that join: the sign of UnionFlow. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M5 4v7a7 7 0 0 0 14 0V4" />
      <path class="stem" d="M5 21h14" />
    </svg>
  );
}
