/** The page's own rules, beside the tokens of the look. */
export const style = `
*{box-sizing:border-box;margin:0}
[hidden]{display:none!important}
html{background:var(--page);color:var(--ink);font:var(--t-15);-webkit-font-smoothing:antialiased;font-synthesis:none}
b{font-weight:600}
button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
svg,canvas{display:block}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px;border-radius:var(--r-chip)}
.q{color:var(--q-text)}.k{color:var(--k-text)}
header{display:flex;align-items:flex-start;gap:16px;padding:24px 32px;border-bottom:1px solid var(--line)}
header div{flex:1;min-width:0}
h1{font:var(--t-20);letter-spacing:-.01em;overflow-wrap:anywhere;max-height:84px;overflow:auto}
header p{font:var(--t-15);color:var(--ink-2);margin-top:4px;overflow-wrap:anywhere;max-height:96px;overflow:auto}
header i{font-style:normal;color:var(--ink-3)}
#theme{height:32px;padding:0 12px;border:1px solid var(--line-2);border-radius:var(--r-control);font:var(--t-13);background:var(--card);white-space:nowrap}
main{display:grid;grid-template-columns:344px minmax(0,1fr);min-height:calc(100vh - 105px)}
main>section{padding:32px;min-width:0}
.all{border-right:1px solid var(--line)}
h2{font:var(--t-20);letter-spacing:-.01em;overflow-wrap:anywhere}
.between{display:flex;justify-content:space-between;align-items:center;gap:8px 16px;flex-wrap:wrap}
code{font:400 11px/16px var(--mono);color:var(--ink-3)}
.legend{display:inline-flex;align-items:center;gap:8px;font:var(--t-13);color:var(--ink-3)}
.legend .num{font:var(--t-num);color:var(--ink-2)}
.ramp{width:96px;height:8px;box-shadow:0 0 0 1px var(--line-2);background:linear-gradient(90deg,var(--seq-0),var(--seq-1),var(--seq-2),var(--seq-3),var(--seq-4),var(--seq-5),var(--seq-6),var(--seq-7),var(--seq-8))}
#heads h3{display:flex;justify-content:space-between;gap:8px;font:var(--t-12);color:var(--ink-3);margin:20px 0 8px}
.grid{display:grid;grid-template-columns:repeat(var(--heads,4),minmax(20px,64px));gap:12px 8px}
.grid button{display:block;text-align:left;min-width:0}
.grid canvas{width:100%;aspect-ratio:1;border-radius:3px;box-shadow:0 0 0 1px var(--line);background:var(--card)}
.grid span{display:block;margin-top:4px;font:500 11px/16px var(--mono);color:var(--ink-3);overflow:hidden;white-space:nowrap}
.grid [aria-pressed=true] canvas{box-shadow:0 0 0 2px var(--page),0 0 0 4px var(--ink)}
.grid [aria-pressed=true] span{color:var(--ink)}
#facts{display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:4px;font:var(--t-13);color:var(--ink-3)}
#facts b{font:400 12px/20px var(--mono);color:var(--ink)}
.says{font:var(--t-13);color:var(--ink-3)}
.words>div{display:flex;flex-wrap:wrap;row-gap:4px}
.words{display:flex;flex-wrap:wrap;gap:4px 6px;margin:20px 0 8px}
.word{text-align:center;border-radius:var(--r-control)}
.word span{display:block;font:500 22px/36px var(--sans);letter-spacing:-.01em;padding:0 8px;border-radius:var(--r-chip);box-shadow:inset 0 0 0 1px var(--cell);white-space:pre;background:var(--card)}
.word small{display:block;min-height:16px;font:var(--t-num-s);color:var(--ink-3)}
.word.special span{font:400 11px/36px var(--sans);letter-spacing:0;box-shadow:none;outline:1px dashed var(--line-2);outline-offset:-1px}
.word.asks span{box-shadow:inset 0 0 0 2px var(--q-stroke);outline:0}
.word.answers small{color:var(--k-text);font-weight:600}
#asking{margin-top:8px;gap:4px}
#asking .word span{font:500 13px/24px var(--mono);letter-spacing:0}
#asking .special span{font:400 11px/24px var(--sans)}
#asking small{display:none}
#asking .asks span{color:var(--q-text);background:var(--q-soft)}
.asked{margin-top:20px}
.three{display:grid;grid-template-columns:auto minmax(0,1fr) 200px;gap:32px;margin-top:28px;align-items:start}
.three.alone{grid-template-columns:minmax(0,1fr) 200px}
.three h3{font:600 13px/20px var(--sans);margin-bottom:8px}
.three h3>span{font-weight:400;color:var(--ink-3);margin-left:12px}
.three>div{min-width:0}
.lines{width:240px}
#lines text{font:500 12px/16px var(--mono);fill:var(--ink-2)}
#lines text.special{font:400 11px/16px var(--sans);fill:var(--ink-3)}
#lines text.says{font:var(--t-12)}
#lines text.q{fill:var(--q-text)}#lines text.k{fill:var(--k-text)}
#lines text.q:not(.says),#lines text.k:not(.says){font-weight:700}
#lines .asking{cursor:pointer}
#lines{overflow:visible}
#lines path{fill:none}
#lines .other{stroke:var(--line-2);stroke-width:.75;opacity:.7}
#matrix{touch-action:pan-y;cursor:crosshair}
.readout{border-left:1px solid var(--line);padding-left:24px;position:sticky;top:24px}
#link{font:500 13px/20px var(--mono);overflow-wrap:anywhere}
#link b{font-weight:600}
#weight{font:var(--t-num-xl);color:var(--w-text);margin:4px 0 8px}
dl{display:grid;grid-template-columns:1fr auto;font:var(--t-13)}
dt,dd{padding:6px 0;border-top:1px solid var(--line)}
dt{color:var(--ink-2)}
dd{font:var(--t-num);line-height:20px;text-align:right}
.note{font:var(--t-13);color:var(--ink-3);margin-top:16px;text-wrap:pretty;max-width:68ch}
footer{padding:16px 32px;border-top:1px solid var(--line);font:var(--t-12);color:var(--ink-3)}
@media (max-width:1199px){
main{grid-template-columns:minmax(0,1fr)}
.all{order:1;border-right:0;border-top:1px solid var(--line)}
.three{grid-template-columns:auto minmax(0,1fr)}
.three.alone{grid-template-columns:minmax(0,1fr)}
.readout{grid-column:1/-1;border-left:0;border-top:1px solid var(--line);padding:16px 0 0;position:static;max-width:480px}
}
@media (max-width:639px){
header{padding:16px}
main>section{padding:24px 16px}
.three,.three.alone{grid-template-columns:minmax(0,1fr);gap:24px}
.lines{width:100%}
.readout{order:1}.lines{order:2}
.word span{font-size:18px;line-height:32px;padding:0 6px}
.grid{grid-template-columns:repeat(var(--heads,4),minmax(16px,78px))}
footer{padding:16px}
}
@media print{#theme{display:none}main{grid-template-columns:1fr}.all{order:1;border:0}}
`
