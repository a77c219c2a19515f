/**
 * Disables the button while the act is on its way, so that a double click is one click.
 *
 * @template T
 * @param {HTMLButtonElement} button
 * @param {() => Promise<T>} act
 */
export async function whileDisabled(button, act) {
  const focused = document.activeElement === button;
  button.disabled = true;
  try {
    return await act();
  } finally {
    button.disabled = false;
    // A disabled button loses the focus of the keyboard.
    if (focused && document.activeElement === document.body) button.focus();
  }
}
