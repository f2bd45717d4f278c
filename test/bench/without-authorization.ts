// Loaded into a gateway before it starts: everything is allowed and nothing is asked. Only to measure what asking costs.
import { Authorizer } from '#libs/auth';

Authorizer.prototype.authorize = () => true;
