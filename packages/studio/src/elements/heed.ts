/*
 * The one script of a page that holds figures: `<script type="module" src="…/heed.js"></script>`. Its models lie beside it.
 */
import { defineElements } from './element'

const here = import.meta.url
defineElements({ models: new URL('.', here).href })
