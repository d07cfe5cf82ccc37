// Where heart rates come from: a strap over Web Bluetooth, or made-up ones for developers.

/** Whether this browser can talk to a strap. */
export const hasBluetooth = () => Boolean(navigator.bluetooth);

/** Asks the athlete for a strap and calls `beat(bpm)` with what it measures; answers a function that stops it. */
export async function strap(beat) {
  const device = await navigator.bluetooth.requestDevice({ filters: [{ services: ["heart_rate"] }] });
  const server = await device.gatt.connect();
  const service = await server.getPrimaryService("heart_rate");
  const measurement = await service.getCharacteristic("heart_rate_measurement");
  const heard = ({ target: { value } }) => {
    // The lowest bit of the flags says whether the rate takes two bytes.
    const bpm = value.getUint8(0) & 1 ? value.getUint16(1, true) : value.getUint8(1);
    if (bpm >= 20 && bpm <= 300) beat(bpm);
  };
  measurement.addEventListener("characteristicvaluechanged", heard);
  await measurement.startNotifications();
  return () => server.disconnect();
}

/** A heart rate that wanders between 95 and 165, once a second; answers a function that stops it. */
export function simulated(beat) {
  let bpm = 118;
  const timer = setInterval(() => {
    bpm = Math.min(165, Math.max(95, bpm + Math.round((Math.random() - 0.48) * 8)));
    beat(bpm);
  }, 1000);
  return () => clearInterval(timer);
}
