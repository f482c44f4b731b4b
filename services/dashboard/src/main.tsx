/** Starts the page. */

import './style/fonts.css';
import './style/base.css';
import './style/book.css';
import './style/parts.css';

import { render } from 'preact';

import { keptLanguage, keptTheme, THEMES } from './adapters/kept.ts';
import { App } from './components/app.tsx';
import { languageOf } from './words/say.ts';

const query = new URLSearchParams(location.search);
const wanted = [query.get('lang'), keptLanguage(), ...navigator.languages].filter((one) => one !== null);
const theme = THEMES.find((one) => one === query.get('theme')) ?? keptTheme() ?? 'auto';
const root = document.getElementById('page');
if (root) render(<App language={languageOf(wanted)} theme={theme} />, root);

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // The shell alone; without it the page works as well.
  navigator.serviceWorker.register('sw.js').catch(() => undefined);
}
