// Starts the parts in the order of the page.

filterBar();
pinBar();
results();
document.documentElement.classList.add("ready");
effects();
curves();
frontier();
dimensions();
copyButtons();
dark.addEventListener("change", () => page.changed());
// paper is white, whatever the screen was
for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(event, () => {
    page.printing = printing;
    page.changed();
  });
}
