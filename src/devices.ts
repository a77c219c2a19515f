/**
 * The devices of the user: list their sessions, end them, name them.
 *
 * @module
 */
export {
  createDeviceCalls,
  type DeviceCallOptions,
  type DeviceCalls,
  type OwnSession,
  type OwnSessionPage,
  type PageRequest,
  withDevices,
} from "./lib/browser/devices/device-calls.ts";
