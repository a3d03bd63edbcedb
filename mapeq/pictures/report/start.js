// Start ------------------------------------------------------------------------------------------

function showView() {
  view = currentView();
  drawWayBack();
  followView();
  drawIcicle();
}

drawSizes();
startTable();
startMap();
startIcicle();
addEventListener("hashchange", showView);
showView();
