import './look/tokens.css'
import './look/fonts.css'
import './look/base.css'
import { mount } from 'svelte'
import App from './app/App.svelte'
import { firstLanguage } from './app/language'
import { wake } from './engine/client'
import { pageStyles } from './look/styles'

wake()
await firstLanguage()
pageStyles.adopt(document)
mount(App, { target: document.querySelector('#app')! })
