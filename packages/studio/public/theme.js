// Before the first paint: the theme that was chosen here last. Without a choice the system's holds.
try {
  const theme = JSON.parse(localStorage.getItem('heed.theme') ?? 'null')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage, or something else in it: no choice.
}
