// Start ------------------------------------------------------------------------------------------

function showView() {
  view = currentView();
  drawWayBack();
  followView();
  // What was clicked answers first.
  if (icicle.contains(document.activeElement)) drawIcicle();
  else requestAnimationFrame(() => setTimeout(drawIcicle));
}

drawSizes();
startTable();
startMap();
startIcicle();
addEventListener("hashchange", showView);
showView();
find("#needs").remove(); // what is needed is there
