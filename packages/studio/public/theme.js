// Before the first paint: the theme that was chosen here last. Without a choice the system's holds.
try {
  const theme = localStorage.getItem('heed-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage, no choice.
}
