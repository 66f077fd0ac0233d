import './look/tokens.css'
import './look/fonts.css'
import './look/base.css'
import { mount } from 'svelte'
import App from './app/App.svelte'
import { firstLanguage } from './app/language'
import { route } from './app/route.svelte'
import { ownFolder, session } from './app/session.svelte'
import { wake } from './engine/client'
import { pageStyles } from './look/styles'
import { pageOf } from './pages'

// Engine, models and page are on their way before anything is drawn, in a task of its own. What does not come, the app says.
wake()
session.need(ownFolder())
void pageOf(route.page)
  ?.load()
  .catch(() => undefined)
await firstLanguage()
pageStyles.adopt(document)
setTimeout(() => mount(App, { target: document.querySelector('#app')! }))
