// What was counted since the last time.
() => {
  const { seconds, longest } = window.frames_;
  window.frames_.seconds = [];
  window.frames_.longest = 0;
  return { seconds, longest };
}
