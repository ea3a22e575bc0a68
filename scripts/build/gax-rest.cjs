// What the generated clients take from google-gax when they speak REST. The package's own
// entry loads gRPC as well (90 ms, 30 MB); this one does not. Used by the build alone.
const fallback = require('google-gax/fallback');

module.exports = {
  ...fallback,
  fallback,
  loggingUtils: require('google-logging-utils'),
  decodeAnyProtosInArray: require('../../node_modules/google-gax/build/src/util.js')
    .decodeAnyProtosInArray,
};
