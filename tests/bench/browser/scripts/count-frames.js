// Counts the frames that the page draws, second by second, and its longest pause.
() => {
  const frames = { seconds: [], longest: 0 };
  let last = performance.now();
  let [from, count] = [last, 0];
  const next = (now) => {
    frames.longest = Math.max(frames.longest, now - last);
    last = now;
    count += 1;
    if (now - from >= 1000) {
      frames.seconds.push((count * 1000) / (now - from));
      [from, count] = [now, 0];
    }
    frames.request = requestAnimationFrame(next);
  };
  frames.request = requestAnimationFrame(next);
  window.frames_ = frames;
}
