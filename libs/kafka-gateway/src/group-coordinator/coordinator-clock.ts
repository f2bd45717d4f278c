export {
  type ClockTimer,
  PausableClock,
  type SliceClock as CoordinatorClock,
  systemSliceClock as systemClock,
} from '#libs/cluster';
