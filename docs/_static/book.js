// Explorers without a kernel: a control shows one of the pictures drawn beforehand.
for (const box of document.querySelectorAll(".explorer")) {
  const picture = box.querySelector("img"), facts = box.querySelector(".facts");
  const fields = [...box.querySelectorAll("[data-views]")];
  const place = field => field.tagName === "SELECT" ? field.selectedIndex : Number(field.value);
  const set = (field, k) => {
    if (field.tagName === "SELECT") { field.selectedIndex = k; return; }
    const words = JSON.parse(field.dataset.views)[k].words;
    field.value = k;
    field.setAttribute("aria-valuetext", words);
    field.nextElementSibling.value = words;
  };
  const start = field => JSON.parse(field.dataset.views).findIndex(view => view.start);
  fields.forEach(field => set(field, start(field))); // a browser may have kept other values
  for (const field of fields) field.addEventListener("input", () => {
    const k = place(field), view = JSON.parse(field.dataset.views)[k];
    for (const other of fields) if (other !== field) set(other, start(other));
    set(field, k);
    facts.textContent = view.text;
    picture.classList.toggle("old", !view.file);
    if (view.file) {
      picture.src = picture.src.replace(/[^/]*$/, view.file);
      picture.alt = view.text;
    }
  });
}
// a wide picture, table or listing scrolls in itself, and by keyboard
for (const part of document.querySelectorAll("pre, .pst-scrollable-table-container, .math"))
  if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
// the arrows that unfold the contents have no name of their own
for (const arrow of document.querySelectorAll("summary"))
  if (!arrow.textContent.trim()) arrow.setAttribute("aria-label", "Pages below");
