// A drawing is of no use on a narrow screen: the outline is shown instead. Loaded before the page is drawn.
const { instead } = document.currentScript.dataset;
if (matchMedia("(max-width: 719px)").matches) location.replace(instead + location.search);
