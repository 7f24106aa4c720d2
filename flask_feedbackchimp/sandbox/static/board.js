// The server never sees the fragment, so each link to the app's login takes it along.
// The page is the last parameter of these links.
const links = document.querySelectorAll("#log-in, [data-log-in]");
const addresses = new Map([...links].map((link) => [link, link.href]));

function takeFragmentAlong() {
  for (const [link, address] of addresses) {
    link.href = address + encodeURIComponent(location.hash);
  }
}

addEventListener("hashchange", takeFragmentAlong);
takeFragmentAlong();
