const KEY = "fitai.developer";

/** Whether this device shows what only developers need; switched on at #/settings?developer. */
export const isDeveloper = () => localStorage.getItem(KEY) === "1";

export function setDeveloper(isOn) {
  if (isOn) localStorage.setItem(KEY, "1");
  else localStorage.removeItem(KEY);
}
