/** Listen to a browser's own signs that the network or the page comes and goes; elsewhere there are none. */
export function listen(onNetwork: (isOnline: boolean) => void, onVisible: () => void): () => void {
  const stops: (() => void)[] = [];
  const add = (target: Partial<EventTarget> | undefined, name: string, act: () => void): void => {
    target?.addEventListener?.(name, act);
    stops.push(() => target?.removeEventListener?.(name, act));
  };
  const page = globalThis.document;
  add(globalThis, 'online', () => onNetwork(true));
  add(globalThis, 'offline', () => onNetwork(false));
  add(page, 'visibilitychange', () => page.visibilityState === 'visible' && onVisible());
  return () => stops.forEach((stop) => stop());
}
